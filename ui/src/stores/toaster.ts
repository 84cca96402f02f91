import { create } from 'zustand';

/** Whether a message was ever shown in this page, so that the toaster has to be there. */
export const useToaster = create<{ needed: boolean; need: () => void }>()((set) => ({
  needed: false,
  need: () => set({ needed: true }),
}));
