package io.ambrotype.rdb;

import java.io.IOException;

/** Fills the server at a port of this machine with the {@link Keyspace} and has it saved: {@code FillServer PORT}. Not a test. */
final class FillServer {
    private FillServer() {}

    public static void main(String[] arguments) throws IOException {
        try (RespClient client = new RespClient(Integer.parseInt(arguments[0]))) {
            client.call("FLUSHALL");
            Keyspace.fill(client);
            client.call("SAVE");
        }
    }
}
