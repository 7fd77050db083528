// The sum of a hash of 32 rounds over many numbers, on all cores: a parallel stream.
import java.util.stream.LongStream;

public class Main {
    static long hash(long x) {
        for (int i = 0; i < 32; i++) {
            x *= 0x9e3779b97f4a7c15L;
            x ^= x >>> 29;
        }
        return x;
    }

    static void run(String part, int n) {
        long start = System.nanoTime();
        long sum = LongStream.range(0, n).parallel().map(Main::hash).sum();
        Bench.report("parallel_map", n, start, Long.toUnsignedString(sum));
    }

    public static void main(String[] args) throws Exception {
        Bench.main(args, Main::run);
    }
}
