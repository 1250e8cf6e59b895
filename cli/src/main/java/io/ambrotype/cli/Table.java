package io.ambrotype.cli;

import java.util.ArrayList;
import java.util.List;

/**
 * Columns of text under a heading, each as wide as its widest cell, two blanks apart. Not thread-safe.
 */
final class Table {
    private final List<Column> columns;
    private final List<List<String>> rows = new ArrayList<>();

    private Table(List<Column> columns) {
        this.columns = columns;
    }

    /** A table with these headings; one that ends in {@code >} makes a column of numbers, set to the right. */
    static Table of(String... headings) {
        List<Column> columns = new ArrayList<>();
        for (String heading : headings) {
            boolean right = heading.endsWith(">");
            columns.add(new Column(right ? heading.substring(0, heading.length() - 1) : heading, right));
        }
        return new Table(columns);
    }

    /** Adds a row; as many cells as there are headings. Control characters are shown as {@code ?}. */
    Table row(String... cells) {
        if (cells.length != columns.size()) {
            throw new IllegalArgumentException(cells.length + " cells for " + columns.size() + " columns");
        }
        List<String> row = new ArrayList<>();
        for (String cell : cells) {
            row.add(Console.printable(cell));
        }
        rows.add(row);
        return this;
    }

    boolean isEmpty() {
        return rows.isEmpty();
    }

    /** The lines, heading first, without blanks at their ends. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(line(columns.stream().map(Column::heading).toList()));
        rows.forEach(row -> lines.add(line(row)));
        return lines;
    }

    private String line(List<String> cells) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < cells.size(); i++) {
            Column column = columns.get(i);
            String padding = " ".repeat(width(i) - length(cells.get(i)));
            line.append(i == 0 ? "" : "  ")
                    .append(column.right() ? padding : "")
                    .append(cells.get(i))
                    .append(column.right() ? "" : padding);
        }
        return line.toString().stripTrailing();
    }

    private int width(int column) {
        return Math.max(
                length(columns.get(column).heading()),
                rows.stream().mapToInt(row -> length(row.get(column))).max().orElse(0));
    }

    private static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    private record Column(String heading, boolean right) {}
}
