package dev.nicol.policy.classify;

import java.util.regex.Pattern;

/** {@code IP}: addresses of machines in the internet's protocol, versions 4 and 6. */
final class Ip implements Detector {
    private static final Pattern WIDE = Pattern.compile("\\d{3}");

    private static final Clues CLUES = Clues.in(ColumnKind.TEXTS)
            .shortest(7)
            .telling(
                    "ip",
                    "ip address",
                    "ip addr",
                    "ipaddr",
                    "ipv4",
                    "ipv6",
                    "ip v4",
                    "ip v6",
                    "client ip",
                    "remote addr",
                    "remote address",
                    "remote ip",
                    "source ip",
                    "src ip",
                    "dst ip",
                    "dest ip",
                    "inet",
                    "inet addr",
                    "host ip",
                    "last login ip",
                    "adresse ip",
                    "direccion ip",
                    "indirizzo ip",
                    "x forwarded for",
                    "peer addr")
            .suggesting("host", "client addr", "peer", "origin", "node", "last login from", "src", "endpoint")
            .misleading("ip rating", "version", "firmware version")
            .values(
                    Share.of("are addresses of machines", NetworkAddresses::v6, 0.0005),
                    Share.of(
                                    "are addresses of machines, with the numbers that these have",
                                    value -> value.length() <= 18 && NetworkAddresses.v4(value),
                                    0.003)
                            .checked(Ip::wide, 0.1, 0.03),
                    Share.of(
                            "are four numbers as in addresses of machines",
                            value -> value.length() <= 18 && NetworkAddresses.v4(value),
                            0.02))
            .clues();

    @Override
    public String entity() {
        return "IP";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }

    /** Versions have small numbers; addresses mostly one of three digits. */
    private static boolean wide(String value) {
        return WIDE.matcher(value).find();
    }
}
