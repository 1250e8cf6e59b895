package io.ambrotype.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SuggestionTest {
    private static final List<String> COMMANDS = List.of("backup", "list", "restore", "rdb", "verify");

    @Test
    void findsTheNearestWord() {
        assertThat(Suggestion.didYouMean("bakcup", COMMANDS)).contains("did you mean 'backup'?");
        assertThat(Suggestion.didYouMean("lst", COMMANDS)).contains("did you mean 'list'?");
        assertThat(Suggestion.didYouMean("RDB", COMMANDS)).contains("did you mean 'rdb'?");
    }

    @Test
    void completesABeginning() {
        assertThat(Suggestion.didYouMean("ver", COMMANDS)).contains("did you mean 'verify'?");
    }

    @Test
    void saysNothingWhereNothingIsNear() {
        assertThat(Suggestion.didYouMean("frobnicate", COMMANDS)).isEqualTo(Optional.empty());
        assertThat(Suggestion.didYouMean("x", List.of())).isEmpty();
    }
}
