package dev.nicol.policy;

/**
 * Where something stands in a file that a person wrote.
 *
 * @param file the file or directory as the reader was given it
 * @param line from 1; 0 where no one line has it
 */
public record Place(String file, int line) {
    /** {@code file:line}. */
    @Override
    public String toString() {
        return line > 0 ? file + ":" + line : file;
    }
}
