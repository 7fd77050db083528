%% Fibonacci numbers with a process for one of the two calls, down to a cut-off.
-module(main).
-export([main/0]).

main() ->
    [Part, Amount, Rounds] = init:get_plain_arguments(),
    [run(Part, list_to_integer(Amount)) || _ <- lists:seq(1, list_to_integer(Rounds))],
    halt().

now_ns() -> erlang:monotonic_time(nanosecond).

run(Part, N) ->
    Start = now_ns(),
    Result = parallel_fib(N, list_to_integer(Part)),
    io:format("fib/~s 1 ~w ~w~n", [Part, now_ns() - Start, Result]).

fib(N) when N < 2 -> N;
fib(N) -> fib(N - 1) + fib(N - 2).

parallel_fib(N, Cutoff) when N < Cutoff -> fib(N);
parallel_fib(N, Cutoff) ->
    Me = self(),
    One = spawn(fun() -> Me ! {self(), parallel_fib(N - 1, Cutoff)} end),
    Two = parallel_fib(N - 2, Cutoff),
    receive {One, F} -> F + Two end.
