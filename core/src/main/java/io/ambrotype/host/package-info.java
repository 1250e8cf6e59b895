/**
 * The host that a server runs on, as far as it can be seen from here: processes, configuration files, folders, and how a
 * server that was stopped is started again.
 */
@NullMarked
package io.ambrotype.host;

import org.jspecify.annotations.NullMarked;
