package io.ambrotype.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TableTest {
    @Test
    void alignsColumns() {
        Table table = Table.of("NAME", "KEYS>", "STATE").row("a", "1,000", "").row("longer", "7", "ok");
        assertThat(table.lines())
                .containsExactly(
                        "NAME     KEYS  STATE", //
                        "a       1,000",
                        "longer      7  ok");
        assertThat(Table.of("A").isEmpty()).isTrue();
    }

    @Test
    void countsCharactersAndNotTheirHalves() {
        assertThat(Table.of("KEY", "N>").row("\uD83D\uDE00", "1").row("ab", "2").lines())
                .containsExactly("KEY  N", "\uD83D\uDE00    1", "ab   2");
    }

    @Test
    void letsNoCellMoveTheCursor() {
        assertThat(Table.of("KEY").row("a\033[2Jb\n").lines()).containsExactly("KEY", "a?[2Jb?");
    }

    @Test
    void refusesRowsThatDoNotFit() {
        assertThatThrownBy(() -> Table.of("A", "B").row("x")).hasMessage("1 cells for 2 columns");
    }
}
