%% A thousand accounts, eight clients: each takes an amount out of one account, waits for the answer, and
%% has another account pay it in.
-module(main).
-export([main/0]).

main() ->
    [Part, Amount, Rounds] = init:get_plain_arguments(),
    [run(Part, list_to_integer(Amount)) || _ <- lists:seq(1, list_to_integer(Rounds))],
    halt().

now_ns() -> erlang:monotonic_time(nanosecond).

run(_, Transfers) ->
    Start = now_ns(),
    Me = self(),
    Accounts = [spawn(fun() -> account(1000) end) || _ <- lists:seq(1, 1000)],
    All = list_to_tuple(Accounts),
    [spawn(fun() -> client(I, Transfers div 8, All), Me ! ready end) || I <- lists:seq(0, 7)],
    [receive ready -> ok end || _ <- lists:seq(1, 8)],
    Total = lists:sum([ask(A, balance) || A <- Accounts]),
    io:format("actor_bank ~w ~w ~w~n", [Transfers, now_ns() - Start, Total]).

client(_, 0, _) -> ok;
client(At, Left, All) ->
    Next = (At * 6364136223846793005 + 1442695040888963407) band 16#ffffffffffffffff,
    From = (Next bsr 33) rem 1000 + 1,
    To = (Next bsr 13) rem 1000 + 1,
    case ask(element(From, All), {withdraw, 1}) of
        true -> element(To, All) ! {deposit, 1};
        false -> ok
    end,
    client(Next, Left - 1, All).

ask(Actor, Message) ->
    Ref = make_ref(),
    Actor ! {Message, self(), Ref},
    receive {Ref, Answer} -> Answer end.

account(Balance) ->
    receive
        {deposit, Amount} -> account(Balance + Amount);
        {{withdraw, Amount}, From, Ref} when Amount =< Balance -> From ! {Ref, true}, account(Balance - Amount);
        {{withdraw, _}, From, Ref} -> From ! {Ref, false}, account(Balance);
        {balance, From, Ref} -> From ! {Ref, Balance}, account(Balance)
    end.
