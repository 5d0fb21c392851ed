package dev.nicol.server.testing;

import dev.nicol.adapters.testing.TestDatabases;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;

/** Keys and certificates, made by the JDK's keytool; each may be written into a key store of its own. */
public final class TestCertificates {
    /** Of every store and key. */
    public static final String PASSWORD = "correct horse";

    private static final char[] SECRET = PASSWORD.toCharArray();

    /** Where the JDK has keytool. */
    private static final String PACKAGE = "sun.security.tools.keytool";

    private static final String NEXT = "--next";

    private final List<String> commands = new ArrayList<>();
    private final Path directory = TestDatabases.directory();
    private final Path everything = directory.resolve("everything.p12");

    /** A certificate authority. */
    public TestCertificates authority(String alias) {
        return add(alias, "CN=" + alias, "-ext", "bc:c");
    }

    /**
     * A key whose certificate an authority signs.
     *
     * @param more further options of keytool, such as {@code -ext}
     */
    public TestCertificates signed(String alias, String by, String subject, String... more) {
        List<String> options = new ArrayList<>(List.of("-signer", by, "-signerkeypass", PASSWORD));
        options.addAll(List.of(more));
        return add(alias, subject, options.toArray(String[]::new));
    }

    private TestCertificates add(String alias, String subject, String... more) {
        commands.addAll(List.of("-genkeypair", "-alias", alias, "-dname", subject));
        commands.addAll(List.of("-keyalg", "EC", "-groupname", "secp256r1", "-storetype", "PKCS12"));
        commands.addAll(List.of("-keystore", everything.toString(), "-storepass", PASSWORD));
        commands.addAll(List.of(more));
        commands.add(NEXT);
        return this;
    }

    /** Makes all that were named; to be called before anything is written. */
    public void make() throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "--add-exports", "java.base/" + PACKAGE + "=ALL-UNNAMED"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), TestCertificates.class.getName()));
        command.addAll(commands);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String words = new String(process.getInputStream().readAllBytes());
        try {
            if (process.waitFor() != 0) {
                throw new IOException(words);
            }
        } catch (InterruptedException interrupted) {
            throw new IOException(interrupted);
        }
    }

    /** Runs keytool for each of several commands: one JVM for all of them. */
    public static void main(String[] arguments) throws ReflectiveOperationException {
        Method keytool = Class.forName(PACKAGE + ".Main").getMethod("main", String[].class);
        List<String> command = new ArrayList<>();
        for (String argument : arguments) {
            if (argument.equals(NEXT)) {
                keytool.invoke(null, (Object) command.toArray(String[]::new));
                command.clear();
            } else {
                command.add(argument);
            }
        }
    }

    /** A store with one key and its chain. */
    public Path key(String alias) throws IOException, GeneralSecurityException {
        return key(alias, directory.resolve(alias + ".p12"), "PKCS12");
    }

    /** The same in a file of that name and of another type. */
    public Path key(String alias, Path file, String type) throws IOException, GeneralSecurityException {
        KeyStore all = KeyStore.getInstance(everything.toFile(), SECRET);
        KeyStore one = KeyStore.getInstance(type);
        one.load(null, null);
        one.setKeyEntry(alias, all.getKey(alias, SECRET), SECRET, all.getCertificateChain(alias));
        return store(one, file);
    }

    /** A store that trusts one certificate. */
    public Path trust(String alias) throws IOException, GeneralSecurityException {
        return trust(alias, directory.resolve("trust-" + alias + ".p12"));
    }

    /** The same in a file of that name. */
    public Path trust(String alias, Path file) throws IOException, GeneralSecurityException {
        KeyStore all = KeyStore.getInstance(everything.toFile(), SECRET);
        KeyStore trust = KeyStore.getInstance("PKCS12");
        trust.load(null, null);
        trust.setCertificateEntry(alias, all.getCertificate(alias));
        return store(trust, file);
    }

    /** Put in place at once, as a tool that renews certificates does it. */
    private static Path store(KeyStore store, Path file) throws IOException, GeneralSecurityException {
        Path written = file.resolveSibling(file.getFileName() + ".new");
        try (OutputStream out = Files.newOutputStream(written)) {
            store.store(out, SECRET);
        }
        return Files.move(written, file, StandardCopyOption.REPLACE_EXISTING);
    }
}
