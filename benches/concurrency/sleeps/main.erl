%% Processes sleep 1 to 100 milliseconds; the least possible is 100. How late they wake is told in microseconds.
-module(main).
-export([main/0]).

main() ->
    [Part, Amount, Rounds] = init:get_plain_arguments(),
    [run(Part, list_to_integer(Amount)) || _ <- lists:seq(1, list_to_integer(Rounds))],
    halt().

now_ns() -> erlang:monotonic_time(nanosecond).

run(_, N) ->
    Start = now_ns(),
    Me = self(),
    [spawn(fun() -> nap(Me, 1 + I rem 100) end) || I <- lists:seq(0, N - 1)],
    Late = [receive {late, L} -> L end || _ <- lists:seq(1, N)],
    Took = now_ns() - Start,
    Sorted = list_to_tuple(lists:sort(Late)),
    At = fun(I) -> element(I + 1, Sorted) end,
    io:format("sleeps ~w ~w ~w p50=~w p99=~w most=~w~n", [N, Took, N, At(N div 2), At(N * 99 div 100), At(N - 1)]).

nap(Me, Pause) ->
    Start = now_ns(),
    receive after Pause -> Me ! {late, (now_ns() - Start) div 1000 - Pause * 1000} end.
