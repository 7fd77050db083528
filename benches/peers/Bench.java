// What the Java versions share. Virtual threads are reached by reflection, so that a compiler from Java 17 on will do.
import java.lang.reflect.Method;
import java.util.concurrent.ThreadFactory;

public final class Bench {
    public interface Run {
        // Prints a line.
        void run(String part, int n) throws Exception;
    }

    private static final ThreadFactory VIRTUAL = factory();

    private static ThreadFactory factory() {
        try {
            Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
            Method make = Class.forName("java.lang.Thread$Builder").getMethod("factory");
            return (ThreadFactory) make.invoke(builder);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("no virtual threads: Java 21 is needed", e);
        }
    }

    // A started virtual thread.
    public static Thread start(Runnable body) {
        Thread t = VIRTUAL.newThread(body);
        t.start();
        return t;
    }

    public interface Body {
        void run() throws Exception;
    }

    public static Thread go(Body body) {
        return start(() -> {
            try {
                body.run();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    public static void report(String part, long operations, long start, Object result, String more) {
        System.out.println(part + " " + operations + " " + (System.nanoTime() - start) + " " + result + more);
    }

    public static void report(String part, long operations, long start, Object result) {
        report(part, operations, start, result, "");
    }

    public static void main(String[] args, Run run) throws Exception {
        for (int i = Integer.parseInt(args[2]); i > 0; i--) {
            run.run(args[0], Integer.parseInt(args[1]));
        }
    }
}
