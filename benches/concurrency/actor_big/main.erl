%% 120 processes: each pings one after the other, and goes on when the pong has come.
-module(main).
-export([main/0]).

main() ->
    [Part, Amount, Rounds] = init:get_plain_arguments(),
    [run(Part, list_to_integer(Amount)) || _ <- lists:seq(1, list_to_integer(Rounds))],
    halt().

now_ns() -> erlang:monotonic_time(nanosecond).

run(_, N) ->
    Each = N div 240,
    Start = now_ns(),
    Me = self(),
    Peers = [spawn(fun() -> peer(I, Each, Me) end) || I <- lists:seq(0, 119)],
    All = list_to_tuple(Peers),
    [P ! {all, All} || P <- Peers],
    Sum = lists:sum([receive {done, D} -> D end || _ <- Peers]),
    [P ! stop || P <- Peers],
    io:format("actor_big ~w ~w ~w~n", [240 * Each, now_ns() - Start, Sum]).

peer(Number, Each, Me) ->
    receive {all, All} -> loop(All, ping_next(All, Number), 0, Each, Me) end.

ping_next(All, Last) ->
    Next = (Last + 1) rem 120,
    element(Next + 1, All) ! {ping, self()},
    Next.

loop(All, Next, Got, Each, Me) ->
    receive
        {ping, From} -> From ! pong, loop(All, Next, Got, Each, Me);
        pong when Got + 1 =:= Each -> Me ! {done, Each}, loop(All, Next, Each, Each, Me);
        pong -> loop(All, ping_next(All, Next), Got + 1, Each, Me);
        stop -> ok
    end.
