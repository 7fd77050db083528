// Eight producers send numbers to one consumer.
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

public class Main {
    static void run(String part, int n) throws Exception {
        int each = n / 8;
        long start = System.nanoTime();
        BlockingQueue<Integer> numbers = part.equals("bounded") ? new ArrayBlockingQueue<>(1024) : new LinkedBlockingQueue<>();
        for (int p = 0; p < 8; p++) {
            Bench.go(() -> {
                for (int i = 0; i < each; i++) {
                    numbers.put(i);
                }
            });
        }
        BlockingQueue<Long> sums = new ArrayBlockingQueue<>(1);
        Bench.go(() -> {
            long sum = 0;
            for (int i = 0; i < 8 * each; i++) {
                sum += numbers.take();
            }
            sums.put(sum);
        });
        Bench.report("fan_in/" + part, 8 * each, start, sums.take());
    }

    public static void main(String[] args) throws Exception {
        Bench.main(args, Main::run);
    }
}
