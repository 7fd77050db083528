%% A process is told many times to count, then asked for the count.
-module(main).
-export([main/0]).

main() ->
    [Part, Amount, Rounds] = init:get_plain_arguments(),
    [run(Part, list_to_integer(Amount)) || _ <- lists:seq(1, list_to_integer(Rounds))],
    halt().

now_ns() -> erlang:monotonic_time(nanosecond).

run(_, N) ->
    Start = now_ns(),
    Counter = spawn(fun() -> counter(0) end),
    tell(Counter, N),
    Counter ! {get, self()},
    Count = receive {count, C} -> C end,
    io:format("actor_count ~w ~w ~w~n", [N, now_ns() - Start, Count]).

tell(_, 0) -> ok;
tell(Counter, N) -> Counter ! increment, tell(Counter, N - 1).

counter(N) ->
    receive
        increment -> counter(N + 1);
        {get, From} -> From ! {count, N}
    end.
