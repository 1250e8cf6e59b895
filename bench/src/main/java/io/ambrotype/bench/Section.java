package io.ambrotype.bench;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A part of the report: what was measured and how, a table, and what is to be known about it. Immutable.
 *
 * @param title its heading
 * @param method paragraphs before the table
 * @param columns headings of the table; those that end in {@code >} are of numbers, set to the right
 * @param rows as many cells each as there are columns
 * @param remarks paragraphs after the table
 */
record Section(String title, List<String> method, List<String> columns, List<List<String>> rows, List<String> remarks) {
    /** Keeps its own lists; rejects rows of another width. */
    Section {
        method = List.copyOf(method);
        columns = List.copyOf(columns);
        rows = rows.stream().map(List::copyOf).toList();
        remarks = List.copyOf(remarks);
        int width = columns.size();
        if (!rows.stream().allMatch(row -> row.size() == width)) {
            throw new IllegalArgumentException("a row of " + title + " has not " + width + " cells");
        }
    }

    /**
     * As Markdown.
     *
     * @param measured when and where
     */
    String markdown(String measured) {
        StringBuilder text = new StringBuilder("## " + title + "\n\n" + measured + "\n\n");
        method.forEach(paragraph -> text.append(paragraph).append("\n\n"));
        text.append(row(columns.stream()
                .map(column -> column.endsWith(">") ? column.substring(0, column.length() - 1) : column)
                .toList()));
        text.append(row(columns.stream()
                .map(column -> column.endsWith(">") ? "---:" : "---")
                .toList()));
        rows.forEach(row -> text.append(row(row)));
        text.append('\n');
        remarks.forEach(paragraph -> text.append(paragraph).append("\n\n"));
        return text.toString();
    }

    private static String row(List<String> cells) {
        return cells.stream().map(cell -> cell.replace("|", "\\|")).collect(Collectors.joining(" | ", "| ", " |\n"));
    }
}
