package dev.nicol.server.wire;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.server.identity.Authenticator;
import dev.nicol.server.identity.Presented;
import dev.nicol.server.identity.Principal;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.calcite.avatica.remote.Service.Request;
import org.apache.calcite.avatica.remote.Service.Response;
import org.eclipse.jetty.io.EndPoint;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /}: one Avatica request, one response.
 *
 * <p>Failures are answered with HTTP 500 and a body: the stock driver reads bodies of 200 and 500 only, and repeats a
 * request for ever on 503.
 */
final class AvaticaServlet extends HttpServlet {
    /** How far beyond the limit a body is read and thrown away, so that its sender is there to hear why. */
    private static final int DRAINED_MULTIPLE = 8;

    private static final int CHUNK_BYTES = 64 * 1024;

    private final transient Authenticator authenticator;
    /** Characters of a claimed user name that the trail keeps. */
    private static final int MAX_CLAIMED_NAME = 128;

    private final transient LoginFailures loginFailures;
    private final transient @Nullable TlsContext tls;
    private final transient AvaticaRequests requests;
    private final transient WaitingClients waiting;
    private final transient WireMetrics metrics;
    private final transient AvaticaCodec codec = new AvaticaCodec();
    private final transient Compression compression;
    private final transient AtomicInteger inFlight = new AtomicInteger();
    private final int maxRequestBytes;

    AvaticaServlet(
            Authenticator authenticator,
            LoginFailures loginFailures,
            @Nullable TlsContext tls,
            AvaticaRequests requests,
            WaitingClients waiting,
            WireMetrics metrics,
            Compression compression,
            WireLimits limits) {
        this.authenticator = authenticator;
        this.loginFailures = loginFailures;
        this.tls = tls;
        this.requests = requests;
        this.waiting = waiting;
        this.metrics = metrics;
        this.compression = compression;
        this.maxRequestBytes = limits.maxRequestBytes();
    }

    /** Whether a request is not answered yet. */
    boolean isAnswering() {
        return inFlight.get() > 0;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        inFlight.incrementAndGet();
        try {
            super.service(request, response);
        } finally {
            inFlight.decrementAndGet();
        }
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (!request.getServletPath().isEmpty() && !request.getServletPath().equals("/")
                || request.getPathInfo() != null && !request.getPathInfo().equals("/")) {
            response.setStatus(HttpServletResponse.SC_NOT_FOUND);
            return;
        }
        if (presentsNothing(request)) {
            challenge(response);
            metrics.challenged();
            return;
        }
        long started = System.nanoTime();
        InputStream in = request.getInputStream();
        int first = in.read();
        WireFormat format = WireFormat.ofFirstByte(first);
        String name = "unread";
        long received = 0;
        Response answer;
        try {
            Principal principal = authenticated(request);
            if (request.getHeader("request") != null) {
                throw new ProtocolViolation("A request in a header is not accepted. Send it as the body.");
            }
            byte[] body = body(first, in, request.getContentLength());
            received = body.length;
            Request decoded = codec.decode(format, body);
            name = decoded.getClass().getSimpleName();
            answer = waiting.during(request, () -> requests.answer(principal, decoded, format));
        } catch (Throwable failure) {
            answer = ErrorAnswers.of(failure);
        }
        long sent = send(request, response, format, answer);
        metrics.answered(name, answer, System.nanoTime() - started, received, sent);
    }

    private static boolean presentsNothing(HttpServletRequest request) {
        String header = request.getHeader("Authorization");
        return (header == null || header.isBlank()) && certificates(request).length == 0;
    }

    /** What the client showed when the connection began, its own first; empty without TLS or a certificate. */
    private static X509Certificate[] certificates(HttpServletRequest request) {
        return request.getAttribute(EndPoint.SslSessionData.ATTRIBUTE) instanceof EndPoint.SslSessionData session
                        && session.peerCertificates() != null
                ? session.peerCertificates()
                : new X509Certificate[0];
    }

    private Principal authenticated(HttpServletRequest request) {
        String header = request.getHeader("Authorization");
        X509Certificate[] shown = certificates(request);
        try {
            return authenticator.authenticate(new Presented(header, request.getRemoteAddr(), verified(request, shown)));
        } catch (NicolException refused) {
            String by = shown.length == 0 ? "" : " with the certificate of " + subject(shown[0]);
            loginFailures.record(claimedName(header), request.getRemoteAddr(), by + ": " + refused.getMessage());
            if (refused.error() == NicolError.NOT_AUTHENTICATED) {
                // one text for every cause: which part was wrong is nobody's business
                throw NicolError.NOT_AUTHENTICATED.because(
                        "The user name or the credentials are not valid. Log in again.");
            }
            throw refused;
        }
    }

    private @Nullable X509Certificate verified(HttpServletRequest request, X509Certificate[] shown) {
        if (shown.length == 0 || tls == null) {
            return null;
        }
        try {
            EndPoint.SslSessionData session =
                    (EndPoint.SslSessionData) request.getAttribute(EndPoint.SslSessionData.ATTRIBUTE);
            return tls.verified(shown, session.sslSession());
        } catch (CertificateException notAnyMore) {
            throw NicolError.NOT_AUTHENTICATED.because("the certificate is not accepted any more");
        }
    }

    private static String subject(X509Certificate certificate) {
        String name = certificate.getSubjectX500Principal().getName();
        return "`"
                + name.substring(0, Math.min(name.length(), MAX_CLAIMED_NAME)).replaceAll("\\p{Cntrl}", "?") + "`";
    }

    /** The name that somebody gave, as far as it looks like one; what stands after it is a password and stays unread. */
    private static String claimedName(@Nullable String credentials) {
        if (credentials == null) {
            return "";
        }
        String[] words = credentials.strip().split("\\s+", 2);
        if (words.length < 2 || !words[0].equalsIgnoreCase("Basic")) {
            return "";
        }
        try {
            String decoded = new String(Base64.getDecoder().decode(words[1].strip()), StandardCharsets.UTF_8);
            int colon = decoded.indexOf(':');
            String name = colon < 0 ? "" : decoded.substring(0, Math.min(colon, MAX_CLAIMED_NAME));
            return name.chars().anyMatch(Character::isISOControl) ? "" : name;
        } catch (IllegalArgumentException notBase64) {
            return "";
        }
    }

    private long send(HttpServletRequest request, HttpServletResponse response, WireFormat format, Response answer)
            throws IOException {
        EncodedResponse encoded;
        boolean failed = answer instanceof org.apache.calcite.avatica.remote.Service.ErrorResponse;
        try {
            encoded = codec.encode(format, answer);
        } catch (IOException | RuntimeException | Error unwritable) {
            failed = true;
            encoded = codec.encode(format, ErrorAnswers.of(unwritable));
        }
        response.setStatus(failed ? HttpServletResponse.SC_INTERNAL_SERVER_ERROR : HttpServletResponse.SC_OK);
        response.setContentType(format.contentType());
        response.setHeader("Cache-Control", "no-store");
        if (encoded.length() >= Compression.LEAST_BYTES && compression.of(request)) {
            encoded = Compression.gzip(encoded);
            response.setHeader("Content-Encoding", "gzip");
        }
        response.setContentLength(encoded.length());
        encoded.sendTo(response.getOutputStream());
        return encoded.length();
    }

    private void challenge(HttpServletResponse response) throws IOException {
        response.setStatus(HttpServletResponse.SC_UNAUTHORIZED);
        authenticator.challenges().forEach(challenge -> response.addHeader("WWW-Authenticate", challenge));
        response.setContentType("text/plain; charset=utf-8");
        response.getWriter().println("Log in: send credentials in the Authorization header.");
    }

    /**
     * The whole body, {@code first} included.
     *
     * @param announced bytes, of which no more than a chunk is believed before they are there; -1 where it is not told
     */
    private byte[] body(int first, InputStream in, int announced) throws IOException {
        if (first < 0) {
            throw new ProtocolViolation("The request is empty.");
        }
        // one byte more, so that the end is met with room left
        byte[] bytes = new byte[announced > 0 ? Math.min(announced + 1, CHUNK_BYTES) : CHUNK_BYTES];
        bytes[0] = (byte) first;
        int length = 1;
        while (true) {
            int read = in.read(bytes, length, bytes.length - length);
            if (read < 0) {
                return Arrays.copyOf(bytes, length);
            }
            length += read;
            if (length > maxRequestBytes) {
                drain(in);
                throw NicolError.OUT_OF_BUDGET.because("The request is larger than `" + maxRequestBytes
                        + "` bytes (limit `max_request_bytes`). Send less at once, or smaller batches.");
            }
            if (length == bytes.length) {
                bytes = Arrays.copyOf(bytes, (int) Math.min(Math.max(CHUNK_BYTES, 2L * length), maxRequestBytes + 1L));
            }
        }
    }

    private void drain(InputStream in) throws IOException {
        byte[] waste = new byte[CHUNK_BYTES];
        long left = (long) DRAINED_MULTIPLE * maxRequestBytes;
        int read = 0;
        while (left > 0 && read >= 0) {
            read = in.read(waste, 0, waste.length);
            left -= read;
        }
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        respond(
                response,
                HttpServletResponse.SC_NOT_FOUND,
                "This is Nicol. Connect with the Avatica JDBC driver: jdbc:avatica:remote:url=http://host:port/");
    }

    private static void respond(HttpServletResponse response, int status, @Nullable String text) throws IOException {
        response.setStatus(status);
        response.setContentType("text/plain; charset=utf-8");
        response.getWriter().println(text);
    }
}
