package dev.nicol.server.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import org.apache.calcite.avatica.proto.Common.Frame;
import org.apache.calcite.avatica.proto.Common.WireMessage;
import org.apache.calcite.avatica.proto.Responses;
import org.apache.calcite.avatica.remote.Service.ExecuteResponse;
import org.apache.calcite.avatica.remote.Service.FetchResponse;
import org.apache.calcite.avatica.remote.Service.Response;
import org.apache.calcite.avatica.remote.Service.ResultSetResponse;

/**
 * Puts rows that are protobuf already into the responses that carry them. They come last in every message around them, so
 * that all lengths can be written before.
 */
final class ProtobufFrames {
    private ProtobufFrames() {}

    /** A message around rows: its other fields, and the number of the one that leads to the rows. */
    private record Around(ByteString others, int field) {}

    /** Whether it was a response with such rows, and is written now. */
    static boolean write(Response response, EncodedResponse to) throws IOException {
        if (response instanceof FetchResponse fetch && fetch.frame instanceof EncodedFrame frame) {
            Around message = new Around(ByteString.EMPTY, Responses.FetchResponse.FRAME_FIELD_NUMBER);
            write(to, Responses.FetchResponse.class, frame, message);
            return true;
        }
        if (response instanceof ResultSetResponse result && result.firstFrame instanceof EncodedFrame frame) {
            write(to, Responses.ResultSetResponse.class, frame, around(result));
            return true;
        }
        if (response instanceof ExecuteResponse execute
                && execute.results.size() == 1
                && execute.results.get(0).firstFrame instanceof EncodedFrame frame) {
            Around message = new Around(ByteString.EMPTY, Responses.ExecuteResponse.RESULTS_FIELD_NUMBER);
            write(to, Responses.ExecuteResponse.class, frame, message, around(execute.results.get(0)));
            return true;
        }
        return false;
    }

    private static Around around(ResultSetResponse result) {
        ByteString others = Responses.ResultSetResponse.newBuilder()
                .setConnectionId(result.connectionId)
                .setStatementId(result.statementId)
                .setOwnStatement(result.ownStatement)
                .setSignature(result.signature.toProto())
                .setUpdateCount(result.updateCount)
                .build()
                .toByteString();
        return new Around(others, Responses.ResultSetResponse.FIRST_FRAME_FIELD_NUMBER);
    }

    /** @param messages the outermost first */
    private static void write(EncodedResponse to, Class<?> name, EncodedFrame frame, Around... messages)
            throws IOException {
        ByteString head = Frame.newBuilder()
                .setOffset(frame.offset)
                .setDone(frame.done)
                .build()
                .toByteString();
        int[] sizes = new int[messages.length];
        int size = Math.addExact(head.size(), frame.length());
        for (int i = messages.length - 1; i >= 0; i--) {
            sizes[i] = size;
            int around = messages[i].others.size()
                    + CodedOutputStream.computeTagSize(messages[i].field)
                    + CodedOutputStream.computeUInt32SizeNoTag(size);
            size = Math.addExact(size, around);
        }
        CodedOutputStream out = CodedOutputStream.newInstance(to);
        out.writeString(WireMessage.NAME_FIELD_NUMBER, name.getName());
        begin(out, WireMessage.WRAPPED_MESSAGE_FIELD_NUMBER, size);
        for (int i = 0; i < messages.length; i++) {
            out.writeRawBytes(messages[i].others);
            begin(out, messages[i].field, sizes[i]);
        }
        out.writeRawBytes(head);
        out.flush();
        to.rows(frame);
    }

    private static void begin(CodedOutputStream out, int field, int size) throws IOException {
        out.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
        out.writeUInt32NoTag(size);
    }
}
