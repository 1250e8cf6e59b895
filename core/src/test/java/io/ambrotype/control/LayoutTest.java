package io.ambrotype.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.control.Layout.Place;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.SlotSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LayoutTest {
    private static final Layout SHOP = new Layout(List.of(
            master(7000, "0-8191"),
            replica(7002, 7000),
            replica(7003, 7000),
            replica(7004, 7002),
            master(7001, "8192-16383")));

    private static Member member(int port) {
        return new Member(new NodeId(String.format("%040d", port)), new HostAndPort("10.0.0.1", port));
    }

    private static Place master(int port, String slots) {
        return new Place(member(port), Role.MASTER, Optional.empty(), SlotSet.parse(slots));
    }

    private static Place replica(int port, int master) {
        return new Place(member(port), Role.REPLICA, Optional.of(member(master).id()), SlotSet.NONE);
    }

    @Test
    void knowsAShardAlsoThroughReplicasOfReplicas() {
        assertThat(SHOP.replicasOf(member(7000).id()))
                .extracting(Place::member)
                .containsExactly(member(7002), member(7003), member(7004));
        assertThat(SHOP.masterOf(member(7004).id())).isEqualTo(member(7000).id());
        assertThat(SHOP.masters()).hasSize(2).allMatch(Place::ownsSlots);
    }

    @Test
    void afterASwitchoverAllFollowTheNewMaster() {
        Layout after = SHOP.afterSwitchover(member(7000).id(), member(7002).id());
        assertThat(after.places())
                .containsExactly(
                        replica(7000, 7002),
                        master(7002, "0-8191"),
                        replica(7003, 7002),
                        replica(7004, 7002),
                        master(7001, "8192-16383"));
        assertThatThrownBy(() ->
                        SHOP.afterSwitchover(member(7001).id(), member(7002).id()))
                .hasMessage("10.0.0.1:7002 is no replica of 10.0.0.1:7001");
        assertThatThrownBy(() ->
                        SHOP.afterSwitchover(member(7002).id(), member(7004).id()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void tellsEveryDifferenceInASentence() {
        Layout other = new Layout(List.of(
                master(7002, "0-8191"),
                replica(7000, 7002),
                replica(7004, 7009),
                master(7001, "8192-16383"),
                master(7005, "")));
        assertThat(SHOP.differencesFrom(SHOP)).isEmpty();
        assertThat(other.differencesFrom(SHOP))
                .containsExactly(
                        "10.0.0.1:7000 is a replica of 10.0.0.1:7002 and was master of slots 0-8191",
                        "10.0.0.1:7002 is master of slots 0-8191 and was a replica of 10.0.0.1:7000",
                        "10.0.0.1:7003 (" + member(7003).id().shortForm() + ") is no member any more",
                        "10.0.0.1:7004 is a replica of a node that is not known and was a replica of 10.0.0.1:7002",
                        "10.0.0.1:7005 (" + member(7005).id().shortForm() + ") is new");
        assertThat(new Layout(List.of(master(7000, ""))).differencesFrom(new Layout(List.of(master(7000, "0-8191")))))
                .containsExactly("10.0.0.1:7000 is a master without slots and was master of slots 0-8191");
    }

    @Test
    void rejectsWhatNoClusterIs() {
        assertThatThrownBy(() -> new Layout(List.of(master(7000, "0-1"), replica(7000, 7001))))
                .hasMessage("a node has two places");
        assertThatThrownBy(() -> new Place(member(7000), Role.REPLICA, Optional.empty(), SlotSet.NONE))
                .hasMessageStartingWith("a replica follows a master");
        assertThatThrownBy(() -> SHOP.place(member(7009).id())).hasMessageContaining("has no place in the layout");
    }
}
