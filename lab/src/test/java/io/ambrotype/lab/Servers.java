package io.ambrotype.lab;

/** The server that the lab's own tests run, on ports that nothing else should use. */
final class Servers {
    private static final int FIRST_PORT = Integer.getInteger("ambrotype.test.port.first", 20_000);
    private static final int LAST_PORT = Integer.getInteger("ambrotype.test.port.last", 22_700);

    private Servers() {}

    static ServerBinary bundled() {
        return BundledServers.inUserCache().redis();
    }

    static int freePorts(int count) {
        return Ports.findBlock(count, FIRST_PORT, LAST_PORT).orElseThrow();
    }
}
