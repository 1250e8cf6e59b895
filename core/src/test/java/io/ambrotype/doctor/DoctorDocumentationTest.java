package io.ambrotype.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class DoctorDocumentationTest {
    private static final Pattern CHECK = Pattern.compile("### `([a-z-]+)`\\R\\R\\*\\*([a-z]+)\\.\\*\\*");

    @Test
    void everyCheckIsDocumentedAndEveryDocumentedCheckIsThere() throws IOException {
        Map<String, String> documented = new LinkedHashMap<>();
        Matcher matcher = CHECK.matcher(Files.readString(Path.of("../docs/DOCTOR.md")));
        while (matcher.find()) {
            assertThat(documented.put(matcher.group(1), matcher.group(2))).isNull();
        }
        Map<String, String> made = new LinkedHashMap<>();
        Doctor.checks()
                .forEach(check -> made.put(check.id(), check.severity().name().toLowerCase(Locale.ROOT)));

        assertThat(documented).containsExactlyInAnyOrderEntriesOf(made);
    }

    @Test
    void idsAreStableWordsAndSentencesAreSentences() {
        List<Check> checks = Doctor.checks();
        assertThat(checks).extracting(Check::id).doesNotHaveDuplicates().allMatch(id -> id.matches("[a-z]+(-[a-z]+)*"));
        assertThat(checks).allSatisfy(check -> {
            assertThat(check.why()).isNotBlank().doesNotEndWith(".");
            assertThat(check.mend()).isNotBlank().doesNotEndWith(".");
            if (check.needs() == Check.Needs.HOST) {
                assertThat(check.byHand()).as(check.id()).isNotBlank();
            }
        });
    }
}
