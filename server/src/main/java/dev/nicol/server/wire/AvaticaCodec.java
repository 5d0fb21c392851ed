package dev.nicol.server.wire;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.calcite.avatica.Meta;
import org.apache.calcite.avatica.proto.Common.WireMessage;
import org.apache.calcite.avatica.proto.Requests;
import org.apache.calcite.avatica.remote.JsonService;
import org.apache.calcite.avatica.remote.ProtobufTranslation;
import org.apache.calcite.avatica.remote.ProtobufTranslationImpl;
import org.apache.calcite.avatica.remote.Service;
import org.jspecify.annotations.Nullable;

/**
 * Bytes to Avatica requests, and responses to bytes.
 *
 * <p>INVARIANT: a signature that a client sends back is dropped before it is decoded. It carries the name of a class, and
 * Avatica would load that class; nothing here needs it, because the server keeps its own.
 */
final class AvaticaCodec {
    private static final String EXECUTE_REQUEST = Requests.ExecuteRequest.class.getName();

    private final ObjectMapper json;
    private final ProtobufTranslation protobuf = new ProtobufTranslationImpl();

    AvaticaCodec() {
        SimpleModule distrust = new SimpleModule("distrust");
        distrust.addDeserializer(Meta.Signature.class, new Skip<>());
        distrust.addDeserializer(Meta.CursorFactory.class, new Skip<>());
        distrust.addDeserializer(Class.class, new Skip<>());
        distrust.addSerializer(EncodedFrame.class, new JsonFrame());
        json = JsonService.MAPPER.copy().registerModule(distrust);
    }

    /** @throws ProtocolViolation where the bytes are no Avatica request */
    Service.Request decode(WireFormat format, byte[] body) {
        try {
            Service.Request request =
                    switch (format) {
                        case JSON -> json.readValue(body, Service.Request.class);
                        case PROTOBUF -> protobuf.parseRequest(withoutSignature(body));
                    };
            if (request == null) {
                throw new ProtocolViolation("The request is empty.");
            }
            return request;
        } catch (IOException | RuntimeException | StackOverflowError unreadable) {
            // the parser's own words repeat the input and name classes
            throw new ProtocolViolation("The request is not an Avatica request that this server can read.");
        }
    }

    EncodedResponse encode(WireFormat format, Service.Response response) throws IOException {
        EncodedResponse encoded = new EncodedResponse();
        switch (format) {
            case JSON -> json.writeValue(encoded, response);
            case PROTOBUF -> {
                if (!ProtobufFrames.write(response, encoded)) {
                    encoded.writeBytes(protobuf.serializeResponse(response));
                }
            }
        }
        return encoded;
    }

    /** A response without fields; some have no public constructor. */
    static Service.Response emptyResponse(Message message) {
        WireMessage wrapped = WireMessage.newBuilder()
                .setName(message.getClass().getName())
                .setWrappedMessage(message.toByteString())
                .build();
        try {
            return new ProtobufTranslationImpl().parseResponse(wrapped.toByteArray());
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    private static byte[] withoutSignature(byte[] body) throws InvalidProtocolBufferException {
        WireMessage message = WireMessage.parseFrom(body);
        if (!message.getName().equals(EXECUTE_REQUEST)) {
            return body;
        }
        Requests.ExecuteRequest request = Requests.ExecuteRequest.parseFrom(message.getWrappedMessage());
        if (!request.getStatementHandle().hasSignature()) {
            return body;
        }
        Requests.ExecuteRequest.Builder stripped = request.toBuilder();
        stripped.getStatementHandleBuilder().clearSignature();
        return message.toBuilder()
                .setWrappedMessage(stripped.build().toByteString())
                .build()
                .toByteArray();
    }

    /** Reads past whatever is there and answers null. */
    private static final class Skip<T> extends JsonDeserializer<T> {
        @Override
        public @Nullable T deserialize(JsonParser parser, DeserializationContext context)
                throws IOException, JsonProcessingException {
            parser.skipChildren();
            return null;
        }
    }

    /** A frame whose rows are JSON already. */
    private static final class JsonFrame extends JsonSerializer<EncodedFrame> {
        @Override
        public void serialize(EncodedFrame frame, JsonGenerator to, SerializerProvider provider) throws IOException {
            to.writeStartObject();
            to.writeNumberField("offset", frame.offset);
            to.writeBooleanField("done", frame.done);
            to.writeFieldName("rows");
            to.writeRawValue("");
            to.flush();
            ((EncodedResponse) to.getOutputTarget()).rows(frame);
            to.writeEndObject();
        }
    }
}
