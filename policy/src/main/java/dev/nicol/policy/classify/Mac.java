package dev.nicol.policy.classify;

/** {@code MAC}: addresses of network devices. */
final class Mac implements Detector {
    private static final Clues CLUES = Clues.in(ColumnKind.TEXTS)
            .shortest(12)
            .telling(
                    "mac",
                    "mac address",
                    "mac addr",
                    "macaddr",
                    "hw address",
                    "hardware address",
                    "ethernet address",
                    "hwaddr",
                    "physical address mac",
                    "bssid",
                    "wifi mac",
                    "wlan mac",
                    "adresse mac",
                    "direccion mac",
                    "bluetooth address",
                    "bd addr")
            .suggesting("device", "nic", "station", "device address", "interface", "adapter")
            .values(Share.of(
                    "are written as addresses of network devices",
                    value -> value.length() <= 17 && NetworkAddresses.mac(value),
                    0.0003))
            .clues();

    @Override
    public String entity() {
        return "MAC";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }
}
