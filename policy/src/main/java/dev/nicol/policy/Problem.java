package dev.nicol.policy;

/**
 * Something wrong in a file that a person wrote.
 *
 * @param file the file or directory as the reader was given it
 * @param line from 1; 0 where the problem is not in one line
 * @param message what is wrong and what to do; shows no secret
 */
public record Problem(String file, int line, String message) {
    /** {@code file:line: message}. */
    @Override
    public String toString() {
        return line > 0 ? file + ":" + line + ": " + message : file + ": " + message;
    }
}
