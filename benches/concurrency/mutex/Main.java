// Increments under a lock: by one thread, by eight virtual threads.
import java.util.concurrent.locks.ReentrantLock;

public class Main {
    static int counter;

    static void run(String part, int n) throws Exception {
        int tasks = part.equals("one") ? 1 : 8;
        long start = System.nanoTime();
        ReentrantLock lock = new ReentrantLock();
        counter = 0;
        Thread[] threads = new Thread[tasks];
        for (int i = 0; i < tasks; i++) {
            threads[i] = Bench.start(() -> {
                for (int k = 0; k < n / tasks; k++) {
                    lock.lock();
                    try {
                        counter++;
                    } finally {
                        lock.unlock();
                    }
                }
            });
        }
        for (Thread t : threads) {
            t.join();
        }
        Bench.report("mutex/" + part, n, start, counter);
    }

    public static void main(String[] args) throws Exception {
        Bench.main(args, Main::run);
    }
}
