package io.ambrotype.rdb;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A minimal client of a server: one command, one reply; strings are Latin-1, integers Long, arrays List. */
final class RespClient implements AutoCloseable {
    private final Socket socket;
    private final DataInputStream in;

    RespClient(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    }

    @Nullable
    Object call(Object... command) throws IOException {
        Bytes request = new Bytes().text("*" + command.length + "\r\n");
        for (Object argument : command) {
            byte[] bytes = Bytes.latin(argument.toString());
            request.text("$" + bytes.length + "\r\n").raw(bytes).text("\r\n");
        }
        socket.getOutputStream().write(request.toByteArray());
        return reply();
    }

    String text(Object... command) throws IOException {
        return String.valueOf(call(command));
    }

    long number(Object... command) throws IOException {
        return (Long) must(call(command));
    }

    @SuppressWarnings("unchecked")
    List<Object> list(Object... command) throws IOException {
        return (List<Object>) must(call(command));
    }

    List<String> texts(Object... command) throws IOException {
        return list(command).stream().map(String::valueOf).toList();
    }

    /** Whether the server takes the command. */
    boolean accepts(Object... command) throws IOException {
        try {
            call(command);
            return true;
        } catch (IllegalStateException e) {
            return false;
        }
    }

    private static Object must(@Nullable Object reply) {
        if (reply == null) {
            throw new IllegalStateException("no reply");
        }
        return reply;
    }

    private @Nullable Object reply() throws IOException {
        String line = line();
        String rest = line.substring(1);
        return switch (line.charAt(0)) {
            case '+' -> rest;
            case ':' -> Long.valueOf(rest);
            case '$' -> bulk(Integer.parseInt(rest));
            case '*' -> array(Integer.parseInt(rest));
            default -> throw new IllegalStateException(line);
        };
    }

    private @Nullable String bulk(int length) throws IOException {
        if (length < 0) {
            return null;
        }
        byte[] bytes = in.readNBytes(length);
        line();
        return Bytes.latin(bytes);
    }

    private @Nullable List<@Nullable Object> array(int count) throws IOException {
        if (count < 0) {
            return null;
        }
        List<@Nullable Object> items = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            items.add(reply());
        }
        return items;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.readUnsignedByte(); c != '\r'; c = in.readUnsignedByte()) {
            line.append((char) c);
        }
        in.readByte();
        return line.toString();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
