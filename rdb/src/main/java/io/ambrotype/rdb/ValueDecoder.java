package io.ambrotype.rdb;

import java.io.IOException;

final class ValueDecoder {
    ValueDecoder(Window w, StringInput s, int m) {}

    void decode(ValueType t, ValueVisitor v) throws IOException {}
}
