package io.ambrotype.bench;

/** Something that is measured; its result is a section of the report. */
interface Benchmark {
    /** Its name on the command line. */
    String name();

    /** The heading of its section. */
    String title();

    /**
     * Measures.
     *
     * @throws Exception where nothing could be measured; then there is no report
     */
    Section run(Surroundings surroundings) throws Exception;
}
