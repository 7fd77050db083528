// Virtual threads are started and joined, in order.

public class Main {
    static void run(String part, int n) throws Exception {
        long start = System.nanoTime();
        int[] results = new int[n];
        Thread[] threads = new Thread[n];
        for (int i = 0; i < n; i++) {
            int k = i;
            threads[i] = Bench.start(() -> results[k] = k);
        }
        long sum = 0;
        for (int i = 0; i < n; i++) {
            threads[i].join();
            sum += results[i];
        }
        Bench.report("spawn_join/" + part, n, start, sum);
    }

    public static void main(String[] args) throws Exception {
        Bench.main(args, Main::run);
    }
}
