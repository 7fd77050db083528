%% Two processes tell each other.
-module(main).
-export([main/0]).

main() ->
    [Part, Amount, Rounds] = init:get_plain_arguments(),
    [run(Part, list_to_integer(Amount)) || _ <- lists:seq(1, list_to_integer(Rounds))],
    halt().

now_ns() -> erlang:monotonic_time(nanosecond).

run(_, Messages) ->
    Start = now_ns(),
    Me = self(),
    Ping = spawn(fun() -> receive {partner, P} -> player(Messages, P, Me) end end),
    Pong = spawn(fun() -> player(Messages, Ping, Me) end),
    Ping ! {partner, Pong},
    Ping ! {hit, 1},
    Last = receive {last, N} -> N end,
    exit(Ping, kill),
    exit(Pong, kill),
    io:format("actor_ping_pong ~w ~w ~w~n", [Messages, now_ns() - Start, Last]).

player(Messages, Partner, Me) ->
    receive
        {hit, Messages} -> Me ! {last, Messages};
        {hit, N} -> Partner ! {hit, N + 1}, player(Messages, Partner, Me)
    end.
