package dev.nicol.server.demo;

import java.util.ArrayList;
import java.util.List;

/** A result as text that fits the terminal. */
final class TextTable {
    /** Rows that are shown; the rest is counted. */
    static final int MAX_ROWS = 30;

    private static final int MIN_WIDTH = 6;
    private static final int MAX_RECORDS = 3;
    private static final String GAP = "  ";

    private TextTable() {}

    /** The lines; values that do not fit are cut and end with {@code …}, long ones of few rows are wrapped instead. */
    static List<String> lines(List<String> columns, List<List<String>> rows, int width) {
        int[] widths = new int[columns.size()];
        for (int column = 0; column < widths.length; column++) {
            widths[column] = columns.get(column).length();
            for (List<String> row : rows.subList(0, Math.min(rows.size(), MAX_ROWS))) {
                widths[column] = Math.max(widths[column], row.get(column).length());
            }
        }
        boolean cut = shrink(widths, width);
        if (cut && rows.size() <= MAX_RECORDS) {
            return records(columns, rows, width);
        }
        List<String> lines = new ArrayList<>();
        lines.add(line(columns, columns, rows, widths));
        List<String> rules = new ArrayList<>();
        for (int columnWidth : widths) {
            rules.add("─".repeat(columnWidth));
        }
        lines.add(String.join(GAP, rules));
        rows.stream().limit(MAX_ROWS).forEach(row -> lines.add(line(row, columns, rows, widths)));
        if (rows.size() > MAX_ROWS) {
            lines.add("… and " + (rows.size() - MAX_ROWS) + " more rows");
        }
        return lines;
    }

    /** Takes from the widest until the line fits; whether anything had to be taken. */
    private static boolean shrink(int[] widths, int width) {
        int total = GAP.length() * (widths.length - 1);
        for (int columnWidth : widths) {
            total += columnWidth;
        }
        boolean cut = total > width;
        for (; total > width; total--) {
            int widest = 0;
            for (int column = 1; column < widths.length; column++) {
                widest = widths[column] > widths[widest] ? column : widest;
            }
            if (widths[widest] <= MIN_WIDTH) {
                return true;
            }
            widths[widest]--;
        }
        return cut;
    }

    private static String line(List<String> values, List<String> columns, List<List<String>> rows, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int column = 0; column < columns.size(); column++) {
            String value = values.get(column).replace('\n', ' ');
            if (value.length() > widths[column]) {
                value = value.substring(0, widths[column] - 1) + "…";
            }
            String space = " ".repeat(widths[column] - value.length());
            line.append(numeric(rows, column) ? space + value : value + space).append(GAP);
        }
        return line.toString().stripTrailing();
    }

    private static boolean numeric(List<List<String>> rows, int column) {
        return !rows.isEmpty() && rows.stream().allMatch(row -> row.get(column).matches("-?[0-9]+(\\.[0-9]+)?|NULL"));
    }

    private static List<String> records(List<String> columns, List<List<String>> rows, int width) {
        int name = columns.stream().mapToInt(String::length).max().orElse(0);
        List<String> lines = new ArrayList<>();
        for (List<String> row : rows) {
            for (int column = 0; column < columns.size(); column++) {
                String title = columns.get(column);
                List<String> parts = wrap(row.get(column), width - name - GAP.length());
                for (int part = 0; part < parts.size(); part++) {
                    String left = part == 0 ? title : "";
                    lines.add(left + " ".repeat(name - left.length()) + GAP + parts.get(part));
                }
            }
            lines.add("");
        }
        lines.remove(lines.size() - 1);
        return lines;
    }

    /** Breaks at spaces, and where there is none at the width. */
    static List<String> wrap(String text, int width) {
        List<String> lines = new ArrayList<>();
        for (String paragraph : text.split("\n", -1)) {
            String rest = paragraph;
            while (rest.length() > width) {
                int space = rest.lastIndexOf(' ', width);
                int end = space > 0 ? space : width;
                lines.add(rest.substring(0, end).stripTrailing());
                rest = rest.substring(end).stripLeading();
            }
            lines.add(rest);
        }
        return lines;
    }
}
