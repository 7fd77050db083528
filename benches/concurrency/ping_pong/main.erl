%% Two processes hand a number to and fro.
-module(main).
-export([main/0]).

main() ->
    [Part, Amount, Rounds] = init:get_plain_arguments(),
    [run(Part, list_to_integer(Amount)) || _ <- lists:seq(1, list_to_integer(Rounds))],
    halt().

now_ns() -> erlang:monotonic_time(nanosecond).

run(Part, Hops) ->
    Start = now_ns(),
    Me = self(),
    Ping = spawn(fun() -> receive {partner, P} -> player(Hops, P, Me) end end),
    Pong = spawn(fun() -> player(Hops, Ping, Me) end),
    Ping ! {partner, Pong},
    Ping ! 1,
    Last = receive {last, N} -> N end,
    exit(Ping, kill),
    exit(Pong, kill),
    io:format("ping_pong/~s ~w ~w ~w~n", [Part, Hops, now_ns() - Start, Last]).

player(Hops, Partner, Me) ->
    receive
        Hops -> Me ! {last, Hops};
        N when is_integer(N) -> Partner ! N + 1, player(Hops, Partner, Me)
    end.
