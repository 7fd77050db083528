%% Processes are started and joined, in order.
-module(main).
-export([main/0]).

main() ->
    [Part, Amount, Rounds] = init:get_plain_arguments(),
    [run(Part, list_to_integer(Amount)) || _ <- lists:seq(1, list_to_integer(Rounds))],
    halt().

now_ns() -> erlang:monotonic_time(nanosecond).

run(Part, N) ->
    Start = now_ns(),
    Me = self(),
    Refs = start(Me, 0, N, []),
    Sum = lists:foldl(fun(Ref, Sum) -> receive {Ref, I} -> Sum + I end end, 0, lists:reverse(Refs)),
    io:format("spawn_join/~s ~w ~w ~w~n", [Part, N, now_ns() - Start, Sum]).

start(_, N, N, Refs) -> Refs;
start(Me, I, N, Refs) ->
    Ref = I,
    spawn(fun() -> Me ! {Ref, I} end),
    start(Me, I + 1, N, [Ref | Refs]).
