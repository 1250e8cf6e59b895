package io.ambrotype.host;

import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Adds up the {@code save} lines of a configuration file as the generations of servers do (all measured):
 *
 * <ul>
 *   <li>up to 6.0 lines add up over all files, each with one pair, and nothing is built in;
 *   <li>6.2: the first line of each file, also of an included one, forgets what was there before, the built-in points too;
 *   <li>from 7.0 on, and Valkey: a line may have several pairs; the first line forgets the built-in points; but behind an
 *       {@code include} each line forgets all before it, because the server then believes that it runs.
 * </ul>
 *
 * An empty value forgets everything everywhere.
 */
final class SavePoints {
    private static final String BUILT_IN = "3600 1 300 100 60 10000";

    private final List<String> before62 = new ArrayList<>();
    private final List<String> of62 = new ArrayList<>(List.of(BUILT_IN));
    private final List<String> since70 = new ArrayList<>(List.of(BUILT_IN));
    private final Deque<Boolean> firstOfFile = new ArrayDeque<>();
    private boolean first = true;
    private boolean reading;

    void fileBegins() {
        firstOfFile.push(true);
        reading = true;
    }

    void fileEnds() {
        firstOfFile.pop();
        reading = false;
    }

    void line(List<String> values) {
        boolean forgets = values.equals(List.of(""));
        if (forgets) {
            before62.clear();
            of62.clear();
        } else if (values.size() == 2) {
            before62.addAll(values);
            if (firstOfFile.pop()) {
                of62.clear();
            }
            firstOfFile.push(false);
            of62.addAll(values);
        }
        if (forgets || first || !reading) {
            since70.clear();
        }
        first = first && !reading;
        if (!forgets) {
            since70.addAll(values);
        }
    }

    /** As CONFIG GET tells them. */
    String of(ServerVersion version) {
        List<String> points;
        if (version.vendor() == Vendor.VALKEY || version.isAtLeast(Vendor.REDIS, 7, 0)) {
            points = since70;
        } else {
            points = version.isAtLeast(Vendor.REDIS, 6, 2) ? of62 : before62;
        }
        return String.join(" ", points);
    }
}
