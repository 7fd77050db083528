%% Sixty processes get the same number of messages each, in turn; then all are asked how many they had.
-module(main).
-export([main/0]).

main() ->
    [Part, Amount, Rounds] = init:get_plain_arguments(),
    [run(Part, list_to_integer(Amount)) || _ <- lists:seq(1, list_to_integer(Rounds))],
    halt().

now_ns() -> erlang:monotonic_time(nanosecond).

run(_, N) ->
    Start = now_ns(),
    Workers = [spawn(fun() -> worker(0, 1.5) end) || _ <- lists:seq(1, 60)],
    tell(Workers, N div 60),
    Done = lists:sum([begin W ! {get, self()}, receive {done, D} -> D end end || W <- Workers]),
    io:format("actor_fork_join ~w ~w ~w~n", [Done, now_ns() - Start, Done]).

tell(_, 0) -> ok;
tell(Workers, N) -> [W ! work || W <- Workers], tell(Workers, N - 1).

worker(Done, Value) ->
    receive
        work -> worker(Done + 1, math:sin(Value) * Value);
        {get, From} -> From ! {done, Done}
    end.
