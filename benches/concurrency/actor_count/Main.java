// A virtual thread that owns a count is told many times to count, then asked for the count.
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

public class Main {
    static final Object INCREMENT = new Object();

    static void run(String part, int messages) throws Exception {
        long start = System.nanoTime();
        BlockingQueue<Object> inbox = new ArrayBlockingQueue<>(1024);
        BlockingQueue<Integer> answer = new ArrayBlockingQueue<>(1);
        Bench.go(() -> {
            int count = 0;
            while (inbox.take() == INCREMENT) {
                count++;
            }
            answer.put(count);
        });
        Bench.go(() -> {
            for (int i = 0; i < messages; i++) {
                inbox.put(INCREMENT);
            }
            inbox.put("get");
        });
        Bench.report("actor_count", messages, start, answer.take());
    }

    public static void main(String[] args) throws Exception {
        Bench.main(args, Main::run);
    }
}
