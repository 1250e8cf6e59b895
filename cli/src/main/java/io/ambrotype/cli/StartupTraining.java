package io.ambrotype.cli;

final class StartupTraining {
    private StartupTraining() {}

    public static void main(String[] args) {
        new picocli.CommandLine(picocli.CommandLine.Model.CommandSpec.create()).execute("--version");
    }
}
