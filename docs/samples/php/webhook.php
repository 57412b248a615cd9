<?php
// The page that receives webhooks. It runs as it is under php-fpm or Apache; here
// receiver.php serves it.

declare(strict_types=1);

require __DIR__ . '/nekapay.php';

/** Says whether this webhook is Neka Paie's, and fresh. */
function genuine(string $timestamp, string $signature, string $body): bool
{
    return ctype_digit($timestamp)
        && abs(time() - (int) $timestamp) <= 300
        && hash_equals(sign($timestamp, $body), $signature);
}

$body = file_get_contents('php://input');
if (!genuine($_SERVER['HTTP_X_NEKAPAY_TIMESTAMP'] ?? '', $_SERVER['HTTP_X_NEKAPAY_SIGNATURE'] ?? '', $body)) {
    http_response_code(401);
    exit;
}
http_response_code(200);

// Keep it and return; the work comes afterwards, elsewhere. A webhook may come more
// than once: in your books, handle each status once.
$webhook = json_decode($body, true, flags: JSON_THROW_ON_ERROR);
file_put_contents('php://stdout', "{$webhook['transaction_id']} {$webhook['status']}\n");
