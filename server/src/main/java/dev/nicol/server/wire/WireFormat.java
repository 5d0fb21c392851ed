package dev.nicol.server.wire;

/** The two serializations of Avatica. */
enum WireFormat {
    JSON("application/json; charset=utf-8"),
    PROTOBUF("application/octet-stream");

    private final String contentType;

    WireFormat(String contentType) {
        this.contentType = contentType;
    }

    String contentType() {
        return contentType;
    }

    /**
     * Tells them apart by the first byte of a request: clients' content types do not ({@code application/octet-stream}
     * for both). A protobuf request starts with the tag of a string field, which is neither a brace nor a blank of JSON.
     */
    static WireFormat ofFirstByte(int first) {
        return first == '{' || first == ' ' || first == '\t' || first == '\r' ? JSON : PROTOBUF;
    }
}
