package io.ambrotype.rdb;

import java.io.IOException;

/** Something sound that the version chosen for writing cannot hold. The message names it and the version. */
public final class RdbUnsupportedException extends IOException {
    private static final long serialVersionUID = 1;

    /** An exception whose message is {@code sentence}, lower case, naming what is refused. */
    public RdbUnsupportedException(String sentence) {
        super(sentence);
    }
}
