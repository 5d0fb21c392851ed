package dev.nicol.server.identity;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/** Which addresses count as one: an IPv4 address is alone, of IPv6 everyone has a network of 64 bits at least. */
public final class ClientNetwork {
    private static final int IPV6_BYTES = 16;
    private static final int NETWORK_BYTES = 8;

    private ClientNetwork() {}

    /** @param address as a number, IPv6 in brackets or not; anything else is a network of its own */
    public static String of(String address) {
        String number =
                address.startsWith("[") && address.endsWith("]") ? address.substring(1, address.length() - 1) : address;
        int zone = number.indexOf('%');
        number = zone < 0 ? number : number.substring(0, zone);
        if (number.indexOf(':') < 0) {
            return number;
        }
        try {
            // with a colon in it, it is no name to look up
            InetAddress parsed = InetAddress.getByName(number);
            byte[] bytes = parsed.getAddress();
            if (bytes.length < IPV6_BYTES) {
                return parsed.getHostAddress();
            }
            Arrays.fill(bytes, NETWORK_BYTES, IPV6_BYTES, (byte) 0);
            return InetAddress.getByAddress(bytes).getHostAddress() + "/64";
        } catch (UnknownHostException noNumber) {
            return address;
        }
    }
}
