package io.ambrotype.rdb;

interface ValueVisitor {}
