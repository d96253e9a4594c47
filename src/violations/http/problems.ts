import { problem } from '../../kit/http/problems.ts';

export const forceDomainForbidden = () =>
  problem(
    403,
    'force-domain-forbidden',
    'force_domain is not allowed here',
    'This deployment decides the path itself. Leave force_domain out, or ask its operators for FORCE_DOMAIN=allow.',
  );

export const noSuchViolation = (id: string) =>
  problem(404, 'no-such-violation', 'No such violation', `There is no violation ${id}.`);
