package io.ambrotype.it;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ArgumentsSource;

/**
 * A test that takes long and runs once for the oldest and once for the newest server under test of each vendor; it takes the
 * server as its only parameter. For what does not differ from one version to the next.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedTest(name = "{0}")
@ArgumentsSource(ServersUnderTest.OldestAndNewestOfEachVendor.class)
@interface OldestAndNewest {}
