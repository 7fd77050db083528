// Fibonacci numbers with a fork for one of the two calls, down to a cut-off: fork-join, whose tasks cannot wait for others.
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RecursiveTask;

public class Main {
    static int fib(int n) {
        return n < 2 ? n : fib(n - 1) + fib(n - 2);
    }

    static final class Fib extends RecursiveTask<Integer> {
        final int n, cutoff;

        Fib(int n, int cutoff) {
            this.n = n;
            this.cutoff = cutoff;
        }

        @Override
        protected Integer compute() {
            if (n < cutoff) {
                return fib(n);
            }
            Fib one = new Fib(n - 1, cutoff);
            one.fork();
            int two = new Fib(n - 2, cutoff).compute();
            return one.join() + two;
        }
    }

    static void run(String part, int n) {
        long start = System.nanoTime();
        int result = ForkJoinPool.commonPool().invoke(new Fib(n, Integer.parseInt(part)));
        Bench.report("fib/" + part, 1, start, result);
    }

    public static void main(String[] args) throws Exception {
        Bench.main(args, Main::run);
    }
}
