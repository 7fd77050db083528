%% A number goes round a ring of 1,000 processes.
-module(main).
-export([main/0]).

main() ->
    [Part, Amount, Rounds] = init:get_plain_arguments(),
    [run(Part, list_to_integer(Amount)) || _ <- lists:seq(1, list_to_integer(Rounds))],
    halt().

now_ns() -> erlang:monotonic_time(nanosecond).

run(_, Hops) ->
    Start = now_ns(),
    Me = self(),
    First = spawn(fun() -> receive {next, Next} -> node(Hops, Next, Me) end end),
    Last = lists:foldl(fun(_, Next) -> spawn(fun() -> node(Hops, Next, Me) end) end, First, lists:seq(2, 1000)),
    First ! {next, Last},
    First ! 1,
    N = receive {last, L} -> L end,
    io:format("ring ~w ~w ~w~n", [Hops, now_ns() - Start, N]).

node(Hops, Next, Me) ->
    receive
        Hops -> Me ! {last, Hops};
        N -> Next ! N + 1, node(Hops, Next, Me)
    end.
