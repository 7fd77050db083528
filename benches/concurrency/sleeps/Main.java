// Virtual threads sleep 1 to 100 milliseconds; the least possible is 100. How late they wake is told in microseconds.
import java.util.Arrays;

public class Main {
    static void run(String part, int n) throws Exception {
        long start = System.nanoTime();
        long[] late = new long[n];
        Thread[] threads = new Thread[n];
        for (int i = 0; i < n; i++) {
            int k = i;
            threads[i] = Bench.go(() -> {
                long begin = System.nanoTime();
                Thread.sleep(1 + k % 100);
                late[k] = (System.nanoTime() - begin) / 1000 - (1 + k % 100) * 1000;
            });
        }
        for (Thread t : threads) {
            t.join();
        }
        long took = System.nanoTime() - start;
        Arrays.sort(late);
        System.out.println("sleeps " + n + " " + took + " " + n + " p50=" + late[n / 2] + " p99=" + late[(int) (n * 99L / 100)] + " most=" + late[n - 1]);
    }

    public static void main(String[] args) throws Exception {
        Bench.main(args, Main::run);
    }
}
