package io.ambrotype.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Secret;
import io.ambrotype.resp.Credentials;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeploymentUriTest {
    @Test
    void readsHostsAndPorts() {
        DeploymentUri uri = DeploymentUri.parse("redis://a:7000,b,[::1]:7001,[::2],a:7000/");
        assertThat(uri.seeds())
                .containsExactly(
                        new HostAndPort("a", 7000),
                        new HostAndPort("b", 6379),
                        new HostAndPort("::1", 7001),
                        new HostAndPort("::2", 6379));
        assertThat(uri.tls()).isFalse();
        assertThat(uri.credentials()).isNull();
        assertThat(uri).hasToString("redis://a:7000,b:6379,[::1]:7001,[::2]:6379");
        assertThat(DeploymentUri.parse("rediss://a").tls()).isTrue();
        assertThat(DeploymentUri.parse("valkey://a")).isEqualTo(DeploymentUri.parse("redis://a"));
        assertThat(DeploymentUri.parse("valkeys://:p@a")).isEqualTo(DeploymentUri.parse("rediss://:p@a"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "redis://:p@h|                  |p",
                "redis://app:p:q@h|             app|p:q",
                "redis://app:p@ss/w?rd#@h|      app|p@ss/w?rd#",
                "redis://app:100%25%40%C3%A9@h| app|100%@é",
                "redis://a%3Ab:p+q@h|           a:b|p+q"
            })
    void readsOddPasswords(String text, String user, String password) {
        DeploymentUri uri = DeploymentUri.parse(text);
        assertThat(uri.credentials()).isEqualTo(new Credentials(user, Secret.of(password)));
        assertThat(uri.seeds()).containsExactly(new HostAndPort("h", 6379));
        assertThat(uri.toString())
                .isEqualTo("redis://" + (user == null ? "" : user) + ":****@h:6379")
                .doesNotContain(password);
    }

    @Test
    void takesAUserWithoutPasswordAndHidesItLest() {
        DeploymentUri uri = DeploymentUri.parse("redis://s3cret@h");
        assertThat(uri.username()).isEqualTo("s3cret");
        assertThat(uri.credentials()).isNull();
        assertThat(uri).hasToString("redis://****@h:6379");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "s3cret",
                "http://s3cret@h",
                "redis://",
                "redis://:s3cret@",
                "redis://:s3cret@h,",
                "redis://:s3cret@h:x",
                "redis://:s3cret@h:0",
                "redis://:s3cret@h:70000",
                "redis://:s3cret@h/0",
                "redis://:s3cret@h?db=1",
                "redis://:s3cret%@h",
                "redis://:s3cret%4@h",
                "redis://:s3cret%zz@h",
                "redis://:s3cret",
                "redis://u:s3cret/h:1",
                "redis://:s3cret@h h"
            })
    void refusesWithoutTellingThePassword(String text) {
        assertThatThrownBy(() -> DeploymentUri.parse(text)).isInstanceOfSatisfying(AmbrotypeException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.USAGE);
            assertThat(e.getMessage()).doesNotContain("s3cret");
            assertThat(e.hint().orElse("")).doesNotContain("s3cret");
        });
    }

    @Test
    void needsASeed() {
        assertThatThrownBy(() -> new DeploymentUri(false, null, null, List.of()))
                .hasMessage("a deployment needs an address to start from");
        assertThat(DeploymentUri.isUri("production")).isFalse();
    }
}
