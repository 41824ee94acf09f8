-- Asks asp-web(8) --authorize whose app password a request has; see authorize.cfg, beside this file.
--
-- As an action, `http-request lua.asp_authorize SERVICE`. What comes of it is in three variables: txn.asp_status, 200, 401, 403
-- or 503, txn.asp_user, and for 401 txn.asp_challenge. Whatever is not understood is 503: at a 401 a device forgets its password.

-- As HAProxy sees it, from the folder that it is shut into.
local SOCKET = "unix@/asp-authorize.sock"

local function ask(txn, service)
    local sent = txn.http:req_get_headers()["authorization"]
    local headers = { ["host"] = { "localhost" }, ["x-real-ip"] = { txn.f:src() } }
    if sent ~= nil and sent[1] == nil then
        headers["authorization"] = { sent[0] }
    end
    return core.httpclient():get({
        url = "http://localhost/authorize/" .. service,
        dst = SOCKET,
        headers = headers,
    })
end

core.register_action("asp_authorize", { "http-req" }, function(txn, service)
    txn:set_var("txn.asp_status", 503)
    local answer = ask(txn, service)
    if answer == nil then
        return
    end
    local function value(name)
        local values = answer.headers and answer.headers[name]
        return values and values[0]
    end
    if answer.status == 200 and value("remote-user") then
        txn:set_var("txn.asp_user", value("remote-user"))
        txn:set_var("txn.asp_status", 200)
    elseif answer.status == 401 and value("www-authenticate") then
        txn:set_var("txn.asp_challenge", value("www-authenticate"))
        txn:set_var("txn.asp_status", 401)
    elseif answer.status == 403 then
        txn:set_var("txn.asp_status", 403)
    end
end, 1)
