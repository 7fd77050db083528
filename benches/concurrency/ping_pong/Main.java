// Two virtual threads hand a number to and fro.
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.SynchronousQueue;

public class Main {
    static int player(int hops, BlockingQueue<Integer> inbox, BlockingQueue<Integer> out) throws Exception {
        for (;;) {
            int n = inbox.take();
            if (n < hops) {
                out.put(n + 1);
            }
            if (n >= hops - 1) {
                return n;
            }
        }
    }

    static void run(String part, int hops) throws Exception {
        long start = System.nanoTime();
        BlockingQueue<Integer> ping = new SynchronousQueue<>(), pong = new SynchronousQueue<>();
        BlockingQueue<Integer> last = new ArrayBlockingQueue<>(2);
        Bench.go(() -> last.put(player(hops, ping, pong)));
        Bench.go(() -> last.put(player(hops, pong, ping)));
        ping.put(1);
        Bench.report("ping_pong/" + part, hops, start, Math.max(last.take(), last.take()));
    }

    public static void main(String[] args) throws Exception {
        Bench.main(args, Main::run);
    }
}
