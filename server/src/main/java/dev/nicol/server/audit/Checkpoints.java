package dev.nicol.server.audit;

import dev.nicol.policy.NicolError;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signs the chain's last link from time to time, into a directory of the operator's choosing: whoever can write the store
 * can build a new chain, but not one that meets checkpoints kept where they cannot write.
 */
public final class Checkpoints implements AutoCloseable {
    /** The public half of the key, in the directory of the checkpoints; whoever verifies keeps a copy. */
    static final String PUBLIC_KEY = "public-key.pem";

    private static final Logger LOG = LoggerFactory.getLogger(Checkpoints.class);
    private static final String ALGORITHM = "Ed25519";

    /** How long a stopping server waits for a checkpoint that is being written, in milliseconds. */
    private static final long CLOSE_TIMEOUT_MS = 5_000;

    private final Path directory;
    private final PrivateKey key;
    private final StoreAuditTrail trail;
    private final Clock clock;
    private final Consumer<String> failed;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "audit-checkpoints");
        thread.setDaemon(true);
        return thread;
    });
    private long lastId;
    private boolean failing;

    private Checkpoints(
            Path directory, PrivateKey key, long lastId, StoreAuditTrail trail, Clock clock, Consumer<String> failed) {
        this.directory = directory;
        this.key = key;
        this.lastId = lastId;
        this.trail = trail;
        this.clock = clock;
        this.failed = failed;
    }

    /**
     * Starts signing.
     *
     * @param directory of this server's alone; made where there is none
     * @param keyFile the private key (PKCS #8), made where there is none; only the server's user reads it
     * @param intervalMs between two checkpoints, where the chain has moved
     * @param failed told once when checkpoints cannot be written any more
     * @throws dev.nicol.policy.NicolException {@code TRAIL_UNAVAILABLE} where the directory cannot be used, says why
     */
    public static Checkpoints open(
            Path directory,
            Path keyFile,
            long intervalMs,
            StoreAuditTrail trail,
            Clock clock,
            Consumer<String> failed) {
        try {
            Files.createDirectories(directory);
            PrivateKey key = key(directory, keyFile);
            List<Checkpoint> known = read(directory, publicKey(directory.resolve(PUBLIC_KEY)));
            long last = known.isEmpty() ? 0 : known.get(known.size() - 1).eventId();
            Checkpoints checkpoints = new Checkpoints(directory, key, last, trail, clock, failed);
            checkpoints.timer.scheduleWithFixedDelay(checkpoints::write, intervalMs, intervalMs, TimeUnit.MILLISECONDS);
            return checkpoints;
        } catch (IOException | GeneralSecurityException unusable) {
            throw NicolError.TRAIL_UNAVAILABLE.because(
                    "Checkpoints cannot be written to `" + directory + "`: " + unusable.getMessage()
                            + ". Mend that, restore the key `" + keyFile + "`, or name an empty directory under"
                            + " audit.checkpoints.");
        }
    }

    /** The pair of which the directory has the public half; a new one where neither half is there. */
    private static PrivateKey key(Path directory, Path keyFile) throws IOException, GeneralSecurityException {
        Path published = directory.resolve(PUBLIC_KEY);
        if (!Files.exists(keyFile)) {
            if (Files.exists(published)) {
                throw new GeneralSecurityException("the key that signed what is there is lost");
            }
            KeyPair pair = KeyPairGenerator.getInstance(ALGORITHM).generateKeyPair();
            SecretFile.create(keyFile, pair.getPrivate().getEncoded());
            publish(published, pair.getPublic());
        }
        PrivateKey key =
                KeyFactory.getInstance(ALGORITHM).generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(keyFile)));
        if (!Files.exists(published)) {
            throw new GeneralSecurityException(
                    "it has no `" + PUBLIC_KEY + "`, and the key was made for another directory");
        }
        Checkpoint probe = new Checkpoint(0, EventHash.GENESIS, 0, Instant.EPOCH);
        Checkpoint.parse(probe.signed(key), publicKey(published));
        return key;
    }

    private static void publish(Path file, PublicKey key) throws IOException {
        Files.writeString(
                file,
                "-----BEGIN PUBLIC KEY-----\n" + Base64.getEncoder().encodeToString(key.getEncoded())
                        + "\n-----END PUBLIC KEY-----\n",
                StandardOpenOption.CREATE_NEW);
    }

    /** @throws GeneralSecurityException where the file holds no such key */
    static PublicKey publicKey(Path file) throws IOException, GeneralSecurityException {
        String text = Files.readString(file, StandardCharsets.US_ASCII);
        String base64 = text.replaceAll("-----(BEGIN|END) PUBLIC KEY-----|\\s", "");
        try {
            return KeyFactory.getInstance(ALGORITHM)
                    .generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(base64)));
        } catch (IllegalArgumentException notBase64) {
            throw new GeneralSecurityException("`" + file.getFileName() + "` holds no key", notBase64);
        }
    }

    /**
     * All checkpoints of a directory in the chain's order.
     *
     * @throws GeneralSecurityException where one is not of that key, or one between others is missing
     */
    static List<Checkpoint> read(Path directory, PublicKey key) throws IOException, GeneralSecurityException {
        List<Path> files;
        try (Stream<Path> all = Files.list(directory)) {
            files = all.filter(file -> file.getFileName().toString().endsWith(Checkpoint.ENDING))
                    .sorted()
                    .toList();
        }
        List<Checkpoint> read = new ArrayList<>();
        for (Path file : files) {
            Checkpoint checkpoint;
            try {
                checkpoint = Checkpoint.parse(Files.readString(file), key);
            } catch (GeneralSecurityException | IOException unreadable) {
                throw new GeneralSecurityException(
                        "`" + file.getFileName() + "`: " + unreadable.getMessage(), unreadable);
            }
            if (!file.getFileName().toString().equals(checkpoint.fileName())) {
                throw new GeneralSecurityException("`" + file.getFileName() + "` was renamed");
            }
            long before = read.isEmpty() ? 0 : read.get(read.size() - 1).eventId();
            if (!read.isEmpty() && checkpoint.previousId() != before) {
                throw new GeneralSecurityException(
                        "the checkpoint of event " + checkpoint.previousId() + " is missing");
            }
            read.add(checkpoint);
        }
        return read;
    }

    /**
     * The newest checkpoint of a directory; null where there is none yet.
     *
     * @throws GeneralSecurityException where it is not of the directory's key
     */
    static @Nullable Checkpoint last(Path directory) throws IOException, GeneralSecurityException {
        if (!Files.isDirectory(directory)) {
            return null;
        }
        try (Stream<Path> all = Files.list(directory)) {
            Path newest = all.filter(file -> file.getFileName().toString().endsWith(Checkpoint.ENDING))
                    .max(Comparator.naturalOrder())
                    .orElse(null);
            return newest == null
                    ? null
                    : Checkpoint.parse(Files.readString(newest), publicKey(directory.resolve(PUBLIC_KEY)));
        }
    }

    /**
     * The checkpoints of every server that has a directory below this one.
     *
     * @throws IOException where they cannot be read, or are not all there and of their key; says which
     */
    static Map<String, List<Checkpoint>> readAll(Path parent) throws IOException {
        List<Path> directories;
        try (Stream<Path> all = Files.list(parent)) {
            directories = all.filter(Files::isDirectory).toList();
        }
        Map<String, List<Checkpoint>> read = new HashMap<>();
        for (Path directory : directories) {
            try {
                read.put(directory.getFileName().toString(), read(directory, publicKey(directory.resolve(PUBLIC_KEY))));
            } catch (GeneralSecurityException untrue) {
                throw new IOException(
                        "the checkpoints in " + directory + " are not to be trusted: " + untrue.getMessage(), untrue);
            }
        }
        if (read.isEmpty()) {
            throw new IOException("there are no checkpoints in " + parent + ": each server has a directory there");
        }
        return read;
    }

    /** Signs the last link that is safely on disk, where it is not signed yet. */
    synchronized void write() {
        TrailTransaction.Head head = trail.forced();
        if (head == null || head.eventId() <= lastId) {
            return;
        }
        Checkpoint next = new Checkpoint(
                head.eventId(), head.hash(), lastId, clock.instant().truncatedTo(ChronoUnit.MILLIS));
        try {
            Path unfinished = directory.resolve(next.fileName() + ".part");
            Files.writeString(unfinished, next.signed(key));
            try (FileChannel channel = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            Files.move(unfinished, directory.resolve(next.fileName()), StandardCopyOption.ATOMIC_MOVE);
            lastId = next.eventId();
            failing = false;
        } catch (IOException | GeneralSecurityException | RuntimeException failure) {
            LOG.error("a checkpoint of the audit trail cannot be written to {}", directory, failure);
            if (!failing) {
                failing = true;
                failed.accept("no checkpoint of event " + next.eventId() + " in " + directory);
            }
        }
    }

    /** Signs what there is, and stops. */
    @Override
    public void close() {
        timer.shutdown();
        try {
            if (!timer.awaitTermination(CLOSE_TIMEOUT_MS, TimeUnit.MILLISECONDS)) {
                LOG.warn("a checkpoint took longer than {} ms", CLOSE_TIMEOUT_MS);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        write();
    }
}
