// Four producers and four consumers of numbers share one queue of capacity 1,024.
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

public class Main {
    static final int SIDES = 4;

    static void run(String part, int n) throws Exception {
        long start = System.nanoTime();
        BlockingQueue<Integer> numbers = new ArrayBlockingQueue<>(1024);
        BlockingQueue<Long> sums = new ArrayBlockingQueue<>(SIDES);
        for (int c = 0; c < SIDES; c++) {
            Bench.go(() -> {
                long sum = 0;
                for (int i = numbers.take(); i >= 0; i = numbers.take()) {
                    sum += i;
                }
                sums.put(sum);
            });
        }
        Thread[] producers = new Thread[SIDES];
        for (int p = 0; p < SIDES; p++) {
            int k = p;
            producers[p] = Bench.go(() -> {
                for (int i = 0; i < n / SIDES; i++) {
                    numbers.put(i * SIDES + k);
                }
            });
        }
        for (Thread p : producers) {
            p.join();
        }
        for (int c = 0; c < SIDES; c++) {
            numbers.put(-1);
        }
        long sum = 0;
        for (int c = 0; c < SIDES; c++) {
            sum += sums.take();
        }
        Bench.report("mpmc", n, start, sum);
    }

    public static void main(String[] args) throws Exception {
        Bench.main(args, Main::run);
    }
}
