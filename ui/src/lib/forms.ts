// Forms take their resolver from here and nowhere else: zod/mini has no messages of its own, so the locale is registered once, and
// only in the chunks that have a form.
import { zodResolver } from '@hookform/resolvers/zod';
import { en } from 'zod/locales';
import { config } from 'zod/mini';

config(en());

export { zodResolver };
