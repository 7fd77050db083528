// A number goes round a ring of 1,000 virtual threads.
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

public class Main {
    static final int TASKS = 1_000;

    static void node(int hops, BlockingQueue<Integer> inbox, BlockingQueue<Integer> next, BlockingQueue<Integer> done) throws Exception {
        for (;;) {
            int n = inbox.take();
            if (n < 0 || n == hops) {
                if (n == hops) {
                    done.put(n);
                }
                next.offer(-1);
                return;
            }
            next.put(n + 1);
        }
    }

    static void run(String part, int hops) throws Exception {
        long start = System.nanoTime();
        BlockingQueue<Integer> done = new ArrayBlockingQueue<>(1), first = new ArrayBlockingQueue<>(1);
        BlockingQueue<Integer> inbox = first;
        for (int i = 1; i < TASKS; i++) {
            BlockingQueue<Integer> its = inbox, next = new ArrayBlockingQueue<>(1);
            Bench.go(() -> node(hops, its, next, done));
            inbox = next;
        }
        BlockingQueue<Integer> its = inbox;
        Bench.go(() -> node(hops, its, first, done));
        first.put(1);
        Bench.report("ring", hops, start, done.take());
    }

    public static void main(String[] args) throws Exception {
        Bench.main(args, Main::run);
    }
}
